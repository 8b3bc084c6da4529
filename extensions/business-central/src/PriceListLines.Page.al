// Active sales prices of items (table 7001). Read-only: prices are kept in Business Central's own price lists.
page 50115 "SEC Price List Lines"
{
    APIPublisher = 'syncengine';
    APIGroup = 'companion';
    APIVersion = 'v1.0';
    EntityName = 'priceListLine';
    EntitySetName = 'priceListLines';
    EntityCaption = 'Price List Line';
    EntitySetCaption = 'Price List Lines';
    PageType = API;
    ODataKeyFields = SystemId;
    SourceTable = "Price List Line";
    InsertAllowed = false;
    ModifyAllowed = false;
    DeleteAllowed = false;
    Editable = false;
    SourceTableView = where("Price Type" = const(Sale), "Asset Type" = const(Item), Status = const(Active), "Source Type" = filter("All Customers" | Customer));
    DelayedInsert = true;
    Extensible = false;

    layout
    {
        area(Content)
        {
            repeater(Records)
            {
                field(id; Rec.SystemId)
                {
                    Caption = 'Id';
                    Editable = false;
                }
                field(priceListCode; Rec."Price List Code")
                {
                    Caption = 'Price list code';
                    Editable = false;
                }
                field(customerNumber; CustomerNumber)
                {
                    Caption = 'Customer number';
                    Editable = false;
                }
                field(itemId; ItemId)
                {
                    Caption = 'Item id';
                    Editable = false;
                }
                field(itemNumber; Rec."Asset No.")
                {
                    Caption = 'Item number';
                    Editable = false;
                }
                field(unitOfMeasureId; UnitOfMeasureId)
                {
                    Caption = 'Unit of measure id';
                    Editable = false;
                }
                field(unitOfMeasureCode; Rec."Unit of Measure Code")
                {
                    Caption = 'Unit of measure code';
                    Editable = false;
                }
                field(currencyCode; Rec."Currency Code")
                {
                    Caption = 'Currency code';
                    Editable = false;
                }
                field(minimumQuantity; Rec."Minimum Quantity")
                {
                    Caption = 'Minimum quantity';
                    Editable = false;
                }
                field(startingDate; Rec."Starting Date")
                {
                    Caption = 'Starting date';
                    Editable = false;
                }
                field(endingDate; Rec."Ending Date")
                {
                    Caption = 'Ending date';
                    Editable = false;
                }
                field(unitPrice; Rec."Unit Price")
                {
                    Caption = 'Unit price';
                    Editable = false;
                }
                field(discountPercent; Rec."Line Discount %")
                {
                    Caption = 'Discount percent';
                    Editable = false;
                }
                field(lastModifiedDateTime; Rec.SystemModifiedAt)
                {
                    Caption = 'Last modified date time';
                    Editable = false;
                }
            }
        }
    }

    trigger OnAfterGetRecord()
    var
        Item: Record Item;
        UnitOfMeasure: Record "Unit of Measure";
    begin
        Clear(ItemId);
        if Item.Get(Rec."Asset No.") then
            ItemId := Item.SystemId;
        Clear(UnitOfMeasureId);
        if UnitOfMeasure.Get(Rec."Unit of Measure Code") then
            UnitOfMeasureId := UnitOfMeasure.SystemId;
        CustomerNumber := '';
        if Rec."Source Type" = Rec."Source Type"::Customer then
            CustomerNumber := Rec."Source No.";
    end;

    var
        CustomerNumber: Code[20];
        ItemId: Guid;
        UnitOfMeasureId: Guid;
}
