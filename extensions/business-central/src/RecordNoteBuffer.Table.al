// Notes with the id of their record, which Record Link itself does not have.
table 50118 "SEC Record Note Buffer"
{
    Caption = 'Record Note Buffer';
    DataClassification = SystemMetadata;
    TableType = Temporary;

    fields
    {
        field(1; Id; Guid)
        {
            Caption = 'Id';
        }
        field(2; "Parent Id"; Guid)
        {
            Caption = 'Parent Id';
        }
        field(3; "Text"; Text[2048])
        {
            Caption = 'Text';
        }
        field(4; "Created By"; Text[132])
        {
            Caption = 'Created By';
        }
        field(5; "Created At"; DateTime)
        {
            Caption = 'Created At';
        }
        field(6; "Last Modified At"; DateTime)
        {
            Caption = 'Last Modified At';
        }
    }

    keys
    {
        key(PK; Id)
        {
            Clustered = true;
        }
        key(OfParent; "Parent Id", "Created At")
        {
        }
    }
}
